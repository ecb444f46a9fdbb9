#!/usr/bin/env bash
# Builds the Debian package, installs it into a throw-away view of this machine, runs the installed program as its user, purges it, and
# checks that nothing is left: install_and_purge.sh BUILD_FOLDER
set -euo pipefail
build=$1

if [ "${2:-}" != inside ]; then
    as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo -n"
    work=$(mktemp -d)
    trap '$as_root rm -rf "$work"' EXIT
    (cd "$build" && cpack -G DEB -B "$work/package" >"$work/cpack.log") || { cat "$work/cpack.log"; exit 1; }
    $as_root unshare --mount --propagation unchanged --pid --fork "$0" "$work" inside
    exit
fi

# Inside a mount namespace: an overlay over the whole system takes every write.
work=$build
# Nothing that is mounted here may show outside. In a chroot the root is no mount point and needs none of this.
mount --make-rprivate / 2>/dev/null || true
mkdir -p "$work/layer"
mount -t tmpfs tmpfs "$work/layer"
mkdir -p "$work/layer/upper" "$work/layer/work" "$work/layer/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/layer/upper,workdir=$work/layer/work" "$work/layer/root"
root=$work/layer/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp "$work"/package/*.deb "$root/bascule.deb"

inside() { chroot "$root" /usr/bin/env DEBIAN_FRONTEND=noninteractive "$@"; }
fail() { echo "FAIL: $*"; exit 1; }

inside dpkg --force-confnew -i /bascule.deb
inside getent passwd bascule >/dev/null || fail "no user bascule"
[ "$(inside stat -c '%U %G %a' /etc/bascule/bascule.yaml)" = 'root bascule 640' ] || fail 'mode of bascule.yaml'
inside bascule --version
status=0
inside setpriv --reuid=bascule --regid=bascule --clear-groups bascule check /etc/bascule/bascule.yaml || status=$?
[ "$status" -le 1 ] || fail "the shipped configuration cannot be read (exit $status)"
inside test -f /usr/lib/systemd/system/bascule.service || fail "no unit"

for shipped in /usr/share/bascule/config.schema.json /usr/share/doc/bascule/README.md /usr/share/doc/bascule/docs/install.md \
    /usr/share/doc/bascule/docs/reference/config.md; do
    inside test -s "$shipped" || fail "$shipped is not installed"
done
inside grep -qF '$schema=/usr/share/bascule/config.schema.json' /etc/bascule/bascule.yaml || fail "the default file names another schema"
inside jq -e .properties.sources /usr/share/bascule/config.schema.json >/dev/null || fail "config.schema.json is no schema"

inside dpkg --purge bascule
for left in /usr/bin/bascule /etc/bascule /var/lib/bascule /usr/lib/systemd/system/bascule.service /usr/share/doc/bascule /usr/share/bascule; do
    inside test ! -e "$left" || fail "$left is left after purge"
done
! inside getent passwd bascule >/dev/null || fail "user bascule is left after purge"
echo "installed, ran and purged cleanly"
