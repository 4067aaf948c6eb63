"""`python -m pipelines` is `rft`."""

from pipelines.cli.main import main

main()
