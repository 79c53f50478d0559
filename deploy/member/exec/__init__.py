"""What a cluster grants besides where terminals are wanted: `dougong cluster join --exec` applies it after the rest."""
