"""Between the device and its cloud: likes and notes come in, receipts go out."""
