# SPDX-License-Identifier: GPL-2.0-only
# A private apt state per suite, to get packages of another release or architecture without changing the machine's own apt.
# shellcheck shell=bash

MIRROR_HELP="no Debian mirror found in apt's sources; set RKNPU_MIRROR to one"

# The mirror that this machine's apt already uses.
mirror() {
	local m
	# shellcheck disable=SC2016 # apt expands it
	m=${RKNPU_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -m1 '/debian/*$' || true)}
	[ -n "$m" ] || die "$MIRROR_HELP"
	printf '%s\n' "${m%/}"
}

# apt_config SUITE: write the configuration of that suite's private apt.
apt_config() {
	local suite=$1 a=$CACHE/apt/$1 m key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
	m=$(mirror)
	mkdir -p "$a"/lists/partial "$a"/cache/archives/partial
	: > "$a/status"
	{
		echo "deb $key $m $suite main"
		case $suite in
		*-backports | sid | experimental) ;;
		*)
			echo "deb $key $m-security $suite-security main"
			echo "deb $key $m $suite-updates main"
			;;
		esac
	} > "$a/sources.list"
	cat > "$a/apt.conf" <<-END
		Dir::State "$a"; Dir::State::lists "$a/lists"; Dir::State::status "$a/status"; Dir::Cache "$a/cache";
		Dir::Etc::SourceList "$a/sources.list"; Dir::Etc::SourceParts "/dev/null";
		Dir::Etc::Preferences "/dev/null"; Dir::Etc::PreferencesParts "/dev/null";
		APT::Architecture "amd64"; APT::Architectures { "amd64"; "arm64"; }; APT::Sandbox::User "root";
		APT::Update::Error-Mode "any"; Acquire::Languages "none"; Acquire::Retries "2"; Acquire::http::Timeout "20";
	END
}

# apt_refresh SUITE: update the suite's index; returns 1 on failure. Done at most once a day unless REFRESH is set.
apt_refresh() {
	local a=$CACHE/apt/$1
	if [ -z "${REFRESH:-}" ] && [ -n "$(find "$a/updated" -mmin -1440 2>/dev/null)" ]; then
		return 0
	fi
	apt_config "$1" || return 1
	in_suite "$1" apt-get -qq update >"$a/update.log" 2>&1 || return 1
	touch "$a/updated"
}

# in_suite SUITE CMD...: run an apt command on the suite's private state.
# Options are on the command line because the machine's settings, which may disable these caches, are read after the file.
in_suite() {
	APT_CONFIG=$CACHE/apt/$1/apt.conf "$2" -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin "${@:3}"
}

# depends SUITE PACKAGE: print the names of the direct dependencies, one per line.
depends() {
	in_suite "$1" apt-cache show --no-all-versions "$2" |
		sed -n 's/^\(Pre-\)\?Depends: //p' | tr ',|' '\n' | sed 's/^ *//; s/[ :].*//'
}

# unpack_into DIR SUITE PACKAGE...: download the packages and unpack them there without running their scripts.
unpack_into() {
	local dir=$1 suite=$2 debs
	shift 2
	mkdir -p "$dir" "$CACHE/tmp"
	debs=$(mktemp -d "$CACHE/tmp/debs.XXXXXX")
	(cd "$debs"; in_suite "$suite" apt-get -qq download "$@") >&2 || die "could not download: $*"
	# Packages of older suites have directories where newer systems have links: /lib must not become a directory.
	# shellcheck disable=SC2016 # the inner shell expands it
	printf '%s\0' "$debs"/*.deb | xargs -0 -P "$(nproc)" -I DEB \
		sh -c 'dpkg --fsys-tarfile "$1" | tar -C "$2" --keep-directory-symlink -xf -' sh DEB "$dir"
	rm -rf "$debs"
}
