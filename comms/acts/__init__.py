"""What people do: each act is a plain function of a scene, and one transaction."""
