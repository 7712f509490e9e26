# shellcheck shell=sh disable=SC2154  # linux_folder.sh stands before this
# Place one file under its SHA-256.
#
#   ask FOLDER NAME SHA256 SIZE            say `have`, or `need N`: N bytes of it lie there from an earlier push
#   take FOLDER NAME SHA256 SIZE OFFSET    say `ready`; descriptor 4 is then the file from OFFSET on; say `done`
#
# It is written aside. A push that is cut off leaves its part for the next one; the checksum of the whole decides,
# and a part that fails it is removed.

verb=$1
folder=$2
file=$2/tools/$4/$3
part=$2/tools/$4/.part
sha256=$4
size=$5

ask() {
    if [ -e "$file" ] || [ -L "$file" ]; then
        is_whole "$file" "$sha256" && say have && return
        rm -rf -- "$file"
    fi
    mkdir -p -- "${file%/*}" || refuse "$DISK_FULL" "'${file%/*}' cannot be made"
    there=$(size_of "$part")
    if [ -L "$part" ] || [ "$there" -gt "$size" ]; then
        rm -f -- "$part"
        there=0
    fi
    check_space $((2 * size - there))
    say need "$there"
}

# check_space BYTES
check_space() {
    free=$(df -Pk -- "$folder" | {
        read -r _
        read -r _ _ _ free _
        echo "$free"
    })
    [ "$free" -ge $((($1 + 1023) / 1024)) ] || refuse "$DISK_FULL" "$free KB are free, $(($1 / 1024)) KB are needed"
}

take() {
    [ "$(size_of "$part")" -eq "$1" ] || refuse "$FAILED" "the part is not $1 bytes long; somebody else writes it"
    say ready
    cat <&4 >>"$part" || give_up "$DISK_FULL" "'$part' cannot be written"
    there=$(size_of "$part")
    [ "$there" -ge "$size" ] || refuse "$FAILED" "$there of $size bytes came"
    is_whole "$part" "$sha256" || give_up "$FAILED" "the checksum is wrong"
    if ! { chmod 0700 -- "$part" && mv -f -- "$part" "$file"; }; then
        give_up "$FAILED" "'$file' cannot be made"
    fi
    is_whole "$file" "$sha256" || refuse "$FAILED" "'$file' was taken away or changed as soon as it was there"
    say 'done'
}

# give_up CODE SENTENCE: refuse, and leave nothing half
give_up() {
    rm -f -- "$part"
    refuse "$@"
}

open_folder "$folder"
case $verb in
ask) ask ;;
take) take "$6" ;;
esac
