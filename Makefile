# SPDX-License-Identifier: GPL-2.0-only
# What one types; the work is done by scripts under tools/ and, for the module, by the kernel's build system and Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
# Kernels that the checks build for and boot, by name: 6.1 6.12 7.2 debug, 6.12-16k and other flavours; empty: what each check usually takes
KERNELS ?=
# A shell pattern that keeps the checks whose name matches
T ?=
export KERNELS T

.PHONY: all modules clean demo check check-fast check-twin kernels bench soak help

all: modules

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

clean:
	rm -rf build
	if [ -d $(KDIR) ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) $@; fi

demo:
	@tools/run-demo

check:
	@tools/check full

check-fast:
	@tools/check fast

check-twin:
	@tools/check twin

kernels:
	@tools/check kernels

bench:
	@tools/run-bench

soak:
	@tools/check soak

help:
	@echo 'make [KDIR=... ARCH=arm64 CROSS_COMPILE=... | LLVM=1]   the module, rknpu.ko'
	@echo 'make clean        remove everything that was built'
	@echo 'make demo         set up, build, boot a virtual board, have its NPU compute matrix products and read handwritten digits;'
	@echo '                  PICTURE=FILE.pgm gives it others'
	@echo 'make check        all tests; KERNELS="6.1 debug" picks kernels, T=PATTERN picks tests'
	@echo 'make check-fast   the tests that boot nothing'
	@echo 'make check-twin   the tests of the device model'
	@echo 'make kernels      the module for every arm64 kernel and flavour of Debian, with gcc and clang, all warnings on'
	@echo 'make bench        measurements, one "name value unit" per line'
	@echo 'make soak         long loops'
