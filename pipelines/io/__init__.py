"""The disk and the wire, nothing of RFT: whole files, prepared folders, schemas, retries."""
