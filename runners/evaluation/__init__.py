"""What the model speaks at a stage of training, what judges say of it, and which stage is kept."""
