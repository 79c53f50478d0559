"""What a cluster grants besides where terminals are wanted: applied after deploy/member by `dougong cluster join --exec`."""
