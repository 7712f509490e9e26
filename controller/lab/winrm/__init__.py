"""The Windows half of the lab: WinRM as a Windows PC speaks it, in front of a PowerShell or of rendered answers."""
