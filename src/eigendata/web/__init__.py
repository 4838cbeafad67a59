"""What speaks HTTP: the register simulator. FastAPI is known here and nowhere below."""
