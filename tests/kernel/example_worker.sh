#!/bin/sh
# examples/worker-library: images are decoded; and a worker that an image has made its own can do nothing but send a picture.
# shellcheck source=tests/harness/tap.sh
. "${TAP_SH:?}"
cd "$tap_dir" || exit 1

# A picture with every kind of chunk: 3 x 3 pixels.
python3 - <<'EOP'
import struct
head = b"qoif" + struct.pack(">IIBB", 3, 3, 4, 0)
chunks = bytes([0xFE, 130, 0, 0])            # red 130
chunks += bytes([0xC0 | 1])                   # run of 2
chunks += bytes([0xFF, 0, 128, 0, 255])       # green 128
chunks += bytes([0x40 | 3 << 4 | 2 << 2 | 2]) # red + 1
chunks += bytes([0x80 | 32 + 4, 8 << 4 | 8])  # all + 4
red = (130 * 3 + 255 * 11) % 64
chunks += bytes([red])                        # the first one again
chunks += bytes([0xC0 | 1])
good = head + chunks + bytes([0, 0, 0, 0, 0, 0, 0, 1])
open("good.qoi", "wb").write(good)
open("short.qoi", "wb").write(good[:20])
open("empty.qoi", "wb").write(b"")
open("large.qoi", "wb").write(b"qoif" + struct.pack(">IIBB", 0xFFFF, 0xFFFF, 4, 0) + chunks)
# 6 times (130, 0, 0), (0, 128, 0), (1, 128, 0), (5, 132, 4)
red, green = (6 * 130 + 0 + 1 + 5) // 9, (128 + 128 + 132) // 9
open("expected", "w").write(f"""good.qoi: 3 x 3, #{red:02x}{green:02x}00
short.qoi: Invalid argument
empty.qoi: Invalid argument
large.qoi: File too large
good.qoi: 3 x 3, #{red:02x}{green:02x}00
""")
open("image", "wb").write(b"any image")
open("huge", "wb").write(b"huge image")
open("dies", "wb").write(b"dies of it")
EOP
# Copies: another user may have no way into the build tree.
mkdir bin
cp "${EXAMPLE_AVERAGE:?}" bin/average
cp "${EXAMPLE_WORKER:?}" bin/worker
cp "${ATTACK_WORKER:?}" bin/attack-worker
cp "${CORDON_BUILD:?}/libcordon.so.0" bin
export LD_LIBRARY_PATH="$tap_dir/bin"
chmod -R a+rX .

attack() {
	"$@" "$tap_dir/bin/average" "$tap_dir/bin/attack-worker" image huge dies image
}

# Red of the average: the errnos' sum / 4. EACCES, EPERM, EPERM, EACCES (or EPERM) for open, connect, execute, code.
check() {
	"$@" "$tap_dir/bin/average" "$tap_dir/bin/worker" good.qoi short.qoi empty.qoi large.qoi good.qoi >answers
	t 'pictures are decoded, and bad ones refused' diff expected answers
	attack "$@" >answers
	t 'a hostile worker reaches nothing' sh -c 'grep -cx "image: 1 x 4, #070000" answers | grep -qx 2'
	t 'one that lies about its picture is not believed' grep -qx 'huge: Broken pipe' answers
	t 'the program outlives one that dies' grep -qx 'dies: Broken pipe' answers
}

check env
if [ "$(id -u)" = 0 ]; then
	check setpriv --reuid 65534 --regid 65534 --clear-groups
fi
t 'a worker that is not there is an error' sh -c '! "$EXAMPLE_AVERAGE" ./nothing good.qoi 2>why && grep -q "not found" why'
tap_done
