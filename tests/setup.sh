#!/bin/bash
# Sets up what the demo and the tests need: `setup.sh venv`, `setup.sh servers`. Quick when nothing is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
REQUIREMENTS=(requirements.txt requirements-dev.txt)
STAMP=.venv/installed.sha256
OLDEST="3.11"
apt_is_fresh=no

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

can_apt() { [[ $EUID -eq 0 && -e /etc/debian_version ]] && command -v apt-get >/dev/null; }

# Installs packages without letting any start a service, now or at the next boot: the tests start their own.
apt_install() {
    local policy=/usr/sbin/policy-rc.d made_policy=no status=0 log
    local options=(-qq -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    say "installing with apt: $*"
    if [[ $apt_is_fresh = no ]]; then
        apt-get update "${options[@]}" >"$log" 2>&1 || say "apt-get update failed; trying with the lists at hand"
        apt_is_fresh=yes
    fi
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        made_policy=yes
    fi
    apt-get install "${options[@]}" --no-install-recommends "$@" >>"$log" 2>&1 </dev/null || status=$?
    if [[ $made_policy = yes ]]; then
        rm -f "$policy"
    fi
    if [[ $status -ne 0 ]]; then
        tail -n 20 "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

check_python() {
    command -v "$PYTHON" >/dev/null || fail "$PYTHON not found; name another: make ... PYTHON=/path/to/python3"
    "$PYTHON" -c "import sys; sys.exit(sys.version_info < (${OLDEST/./, }))" || fail \
        "$PYTHON is $("$PYTHON" -V 2>&1), helpdeskd needs $OLDEST or newer; name another: make ... PYTHON=/path/to/python3"
}

# Debian keeps ensurepip, without which `python3 -m venv` makes no pip, in a package of its own.
need_venv_module() {
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null && return
    local package
    package=$("$PYTHON" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if can_apt && apt_install "$package" && "$PYTHON" -c 'import ensurepip, venv'; then
        return
    fi
    fail "$PYTHON cannot make virtual environments; install its venv module (Debian: apt-get install $package)"
}

# What the environment was made of: the requirements and the interpreter behind it.
fingerprint() {
    { cat "${REQUIREMENTS[@]}" && .venv/bin/python -c 'import sys; print(sys.version)'; } | sha256sum
}

venv() {
    check_python
    if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
        need_venv_module
        say "making .venv with $("$PYTHON" -V)"
        rm -rf .venv
        "$PYTHON" -m venv .venv
    fi
    [[ -e $STAMP && $(fingerprint) = $(<"$STAMP") ]] && return
    say "installing the pinned requirements"
    rm -f "$STAMP"
    .venv/bin/python -m pip install -qq --disable-pip-version-check -r requirements-dev.txt >&2
    fingerprint >"$STAMP"
}

has() { PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin command -v "$1" >/dev/null; }

missing_packages() {
    has dovecot && [[ -e /usr/lib/dovecot/imap ]] || echo dovecot-imapd
    has dovecot && [[ -e /usr/lib/dovecot/lmtp ]] || echo dovecot-lmtpd
    has mariadbd && has mariadb-install-db || echo mariadb-server
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || echo faketime
    has systemd-analyze || echo systemd # measures how far the unit is sealed off; nothing of it is started
}

servers() {
    local packages
    mapfile -t packages < <(missing_packages)
    [[ ${#packages[@]} -eq 0 ]] && return
    if can_apt && apt_install "${packages[@]}"; then
        keep_from_booting
        mapfile -t packages < <(missing_packages)
        [[ ${#packages[@]} -eq 0 ]] && return
    fi
    say "missing for the tests; on Debian, as root: apt-get install ${packages[*]}"
    [[ ${CI:-} != true ]] || exit 1
    say "their tests will be skipped and named at the end"
}

# Only what we have just installed comes here; nothing that was there before is touched.
keep_from_booting() {
    command -v systemctl >/dev/null || return 0
    local package
    for package in "${packages[@]}"; do
        case $package in
        dovecot-*) systemctl --quiet disable dovecot.service dovecot.socket ;;
        mariadb-server) systemctl --quiet disable mariadb.service ;;
        postgresql) systemctl --quiet disable postgresql.service ;;
        esac
    done >/dev/null 2>&1 || true
}

case ${1:-} in
venv) venv ;;
servers) servers ;;
*) fail "usage: tests/setup.sh venv|servers" ;;
esac
