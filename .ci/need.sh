# What validators need is installed by these two, on Debian 12, bare or not; to be read with `.`, not run.

venv=${VENV:-$here/../target/validators}

# need_packages NAME...: through apt, as root or through sudo.
need_packages() {
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    $root apt-get update
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y --no-install-recommends $missing
}

# need_python MODULES PACKAGE...: the packages, by pip into $venv, unless all modules can be imported there.
need_python() {
    modules=$1
    shift
    if ! "$venv/bin/python" -c "import $modules" 2>/dev/null; then
        [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
    fi
}
