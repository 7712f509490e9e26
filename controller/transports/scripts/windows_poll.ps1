# FOLDER LIMIT RUN_ID: say how a run stands, and what its log says when it is over.
# windows_folder.ps1, windows_log.ps1 and windows_state.ps1 come before this.

$folder, [long]$limit, $run = $args

Invoke-Answering {
    if (Test-Path -LiteralPath $folder) { Assert-Folder $folder }
    Write-State "$folder\runs\$run" $limit
}
