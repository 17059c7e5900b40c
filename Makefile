# SPDX-License-Identifier: GPL-2.0-only
# What one types; the work is done by scripts under tools/ and selftests/ and, for the module, by the kernel's build system and Kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
# Kernels that the checks build for and boot, by name: 6.1 6.12 newest debug, 6.12-16k and other flavours; empty: what each check usually takes
KERNELS ?=
# A shell pattern that keeps the checks whose name matches
T ?=
export KERNELS T

# What DKMS gets
DKMS_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SOURCE := $(DESTDIR)/usr/src/rknpu-$(DKMS_VERSION)

.PHONY: dkms-install dkms-remove all modules clean demo demo-ocr check check-ci check-fast check-twin check-island check-mutants check-networks check-packages kernels bench fuzz soak help

all: modules

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

clean:
	rm -rf build
	if [ -d $(KDIR) ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) $@; fi

# DKMS would install what it has built of this version before, however old its source.
dkms-install:
	dkms remove rknpu/$(DKMS_VERSION) --all >/dev/null 2>&1 || true
	rm -rf $(DKMS_SOURCE)
	install -d $(DKMS_SOURCE)/packaging
	cp -r dkms.conf Kbuild drivers include uapi $(DKMS_SOURCE)/
	install -m 755 packaging/dkms-trial $(DKMS_SOURCE)/packaging/
	install -D -m 644 packaging/60-rknpu.rules $(DESTDIR)/usr/lib/udev/rules.d/60-rknpu.rules
	install -D -m 644 packaging/rknpu.conf $(DESTDIR)/usr/lib/modprobe.d/rknpu.conf
	dkms install --force rknpu/$(DKMS_VERSION)

dkms-remove:
	dkms remove rknpu/$(DKMS_VERSION) --all
	rm -rf $(DKMS_SOURCE) $(DESTDIR)/usr/lib/udev/rules.d/60-rknpu.rules $(DESTDIR)/usr/lib/modprobe.d/rknpu.conf

demo:
	@tools/run-demo

demo-ocr:
	@selftests/networks/ocr/run

check:
	@selftests/checks/check full

check-ci:
	@selftests/checks/check ci

check-networks:
	@selftests/checks/check networks

check-fast:
	@selftests/checks/check fast

check-mutants:
	@selftests/mutants/run

check-twin:
	@selftests/checks/check twin

check-island:
	@selftests/checks/check island

check-packages:
	@selftests/checks/check packages

kernels:
	@selftests/checks/check kernels

bench:
	@tools/run-bench

fuzz:
	@selftests/fuzz/run

soak:
	@selftests/checks/check soak

help:
	@echo 'make [KDIR=... ARCH=arm64 CROSS_COMPILE=... | LLVM=1]   the module, rknpu.ko'
	@echo 'make dkms-install  have DKMS build and install the module for this and every later kernel; dkms-remove undoes it'
	@echo 'make clean        remove everything that was built'
	@echo 'make demo         set up, build, boot a virtual board, have its NPU compute matrix products and read handwritten digits;'
	@echo '                  PICTURE=FILE.pgm gives it others'
	@echo 'make demo-ocr     text out of a picture: three networks on a core each, through Rockchip'"'"'s compiler and closed runtime'
	@echo '                  (from the Python registry), compared with onnxruntime; PICTURE=FILE gives it another picture'
	@echo 'make check        all tests; KERNELS="6.1 debug" picks kernels, T=PATTERN picks tests'
	@echo 'make check-fast   the tests that boot nothing'
	@echo 'make check-twin   the tests of the device model'
	@echo 'make check-island  the usual tests with a board'"'"'s clocks, power domains and supplies, and more governors of devfreq'
	@echo 'make check-mutants  drivers whose order of calls would hang a board: the twin has to catch each'
	@echo 'make check-networks  networks of Rockchip'"'"'s compiler through their closed runtime (both from the Python registry)'
	@echo 'make check-packages  build, install, upgrade and remove the Debian packages on two releases (root)'
	@echo 'make kernels      the module for every arm64 kernel and flavour of Debian, with gcc and clang, all warnings on'
	@echo 'make bench        measurements, one "name value unit" per line'
	@echo 'make fuzz         calls by chance in guests of several kinds, and which lines of the driver they reach'
	@echo 'make soak         hours: the ends of clients, devices, sleep and modules a thousand times, all at once by chance, memory'
