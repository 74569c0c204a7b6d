"""What the server does, in terms of the domain: no gRPC, no messages, no settings."""
