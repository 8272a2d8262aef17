"""What a sweep needs where its cells are jobs of a cluster: Slurm, by submitit, or Ray."""
