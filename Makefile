# Short names. Each is a job of scripts/job.sh, which needs no make; ./check does everything.
jobs = release tests guest asan clang analyze cover fuzz fuzz-cover fuzz-merge prop bench lint fmt tidy cppcheck install doc cross-aarch64

.PHONY: build check clean $(jobs)
build $(jobs): ; @sh scripts/job.sh $@
check: ; @./check --no-install
clean: ; rm -rf build build-*
