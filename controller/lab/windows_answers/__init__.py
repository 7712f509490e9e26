"""What a Windows PC answers to the scripts of the product where there is no PowerShell to play it."""
