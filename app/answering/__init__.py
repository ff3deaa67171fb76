"""What the network says of the picture in hand, and what it has said before."""
