#!/bin/sh
# `meson install` into an empty DESTDIR gives what a distribution packages, and a program builds against it by
# pkg-config, shared and static.
. "${TAP_SH:?}"
cd "$tap_dir" || exit 1

compiler=${CC:-cc}
DESTDIR=$tap_dir/root meson install -C "${CORDON_BUILD:?}" --no-rebuild --quiet >"$tap_dir/log" 2>&1
t 'meson install' test "$?" -eq 0
prefix=$(find root -name cordon.pc -printf '%h\n')
prefix=$tap_dir/${prefix%/lib*/pkgconfig}
export PKG_CONFIG_SYSROOT_DIR="$tap_dir/root"
PKG_CONFIG_PATH=$(find "$tap_dir/root" -type d -name pkgconfig)
export PKG_CONFIG_PATH
library=${PKG_CONFIG_PATH%/pkgconfig}

cat >user.c <<'EOC'
#include <cordon/cordon.h>
#include <stdio.h>
int main(void) {
	return puts(cordon_version()) < 0;
}
EOC

installed() {
	[ -s "$prefix/$1" ] || [ -s "$library/$1" ] || find "$tap_dir/root" -path "*/$1" | grep -q .
}

build_shared() {
	# shellcheck disable=SC2046 # words are wanted
	$compiler -Wall -Werror $(pkg-config --cflags cordon) user.c -o shared $(pkg-config --libs cordon)
}

build_static() {
	# shellcheck disable=SC2046
	$compiler -Wall -Werror $(pkg-config --cflags cordon) user.c -o static "$library/libcordon.a"
}

for file in bin/cordon libexec/cordon/user-lookup include/cordon/cordon.h libcordon.so libcordon.so.0 libcordon.a pkgconfig/cordon.pc \
	bash-completion/completions/cordon zsh/site-functions/_cordon fish/vendor_completions.d/cordon.fish; do
	t "installs $file" installed "$file"
done
t 'the installed program starts' "$prefix/bin/cordon" --version
version=$(pkg-config --modversion cordon)
t 'pkg-config knows the version' test -n "$version"
if [ "${CORDON_SANITIZED:?}" = yes ]; then
	skip 'a program links it' 'needs: a build without sanitizers'
else
	t 'a program links the shared library' build_shared
	t 'it runs' env LD_LIBRARY_PATH="$library" ./shared
	t 'a program links the static library' build_static
	t 'it runs without the shared one' ./static
	t 'both are of that version' test "$(env LD_LIBRARY_PATH="$library" ./shared) $(./static)" = "$version $version"
fi
tap_done
