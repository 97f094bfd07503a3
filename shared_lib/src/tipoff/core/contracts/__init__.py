"""What the contracts with several sources share. Each source is a module of `tipoff.sources`."""
