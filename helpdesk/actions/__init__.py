"""What the desk can do, one transaction each; never touches the network."""
