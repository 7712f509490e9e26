# FOLDER LIMIT RUN_ID: see that a run which has not begun never begins, and say `absent`; else say how it stands.
# windows_folder.ps1 and windows_state.ps1 stand before this.
#
# We hold `starting` as windows_start.ps1 does, and make the run's folder so that it reads as torn: a start that is
# still on its way finds it and only reports. The mark `void` tells it from the folder of a run that was torn off.

$folder, [long]$limit, $run = $args
$dir = "$folder\runs\$run"

# Make the folder whole or not at all; `fate` without a held `alive` reads as torn.
function New-Void {
    $aside = "$folder\runs\.$run.$PID"
    [void][IO.Directory]::CreateDirectory($aside)
    $launch = @{ run = $run; log = "$dir\stdout"; logLength = 0; logSha256 = '' }
    [IO.File]::WriteAllText("$aside\launch.json", ($launch | ConvertTo-Json -Compress))
    [IO.File]::WriteAllText("$aside\fate", 'begun')
    [IO.File]::WriteAllText("$aside\void", $run)
    if (Test-Path -LiteralPath $dir) { Remove-Item -LiteralPath $dir -Recurse -Force }
    [IO.Directory]::Move($aside, $dir)
}

Invoke-Answering {
    Open-Folder $folder
    $starting = Enter-Start $folder
    try {
        if (-not (Test-Path -LiteralPath "$dir\void") -and (Get-Phase $dir) -eq 'absent') { New-Void }
        if (Test-Path -LiteralPath "$dir\void") { '#lamsach absent' } else { Write-State $dir $limit }
    } finally {
        $starting.Dispose()
    }
}
