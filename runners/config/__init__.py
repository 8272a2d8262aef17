"""From a composed configuration to objects; below this package no class sees a configuration."""
