"""Where raw files come from: a folder, the demo, the Hugging Face hub, Kaggle."""
