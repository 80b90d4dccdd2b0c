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
chmod -R a+rX .

attack() {
	"$@" "${EXAMPLE_AVERAGE:?}" "${ATTACK_WORKER:?}" image huge dies image
}

# Red of the average: the errnos' sum / 4. EACCES, EPERM, EPERM, EACCES (or EPERM) for open, connect, execute, code.
check() {
	"$@" "${EXAMPLE_AVERAGE:?}" "${EXAMPLE_WORKER:?}" good.qoi short.qoi empty.qoi large.qoi good.qoi >answers
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
