"""`python -m controller` is the command `lamsach`."""

from controller.cli import main

if __name__ == "__main__":
    main()
