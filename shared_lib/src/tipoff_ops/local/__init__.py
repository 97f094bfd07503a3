"""The local cloud: all servers and resources of mesh.yaml on one machine, and the commands of `tipoff local`."""
