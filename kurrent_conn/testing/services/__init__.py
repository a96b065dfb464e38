"""What a simulated node answers: its gRPC services and how they refuse."""
