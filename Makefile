# SPDX-License-Identifier: GPL-2.0-only
# Entry points for users. Scripts under tools/ and selftests/ do the work; the kernel's build system and Kbuild build the module.

KDIR ?= /lib/modules/$(shell uname -r)/build
# Kernels that the checks build for and boot, by name: 6.1 6.12 newest debug, 6.12-16k and other flavours; empty: each check's default
KERNELS ?=
# A shell pattern: run only the checks whose names match
T ?=
export KERNELS T

# Where the source for DKMS goes
DKMS_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
DKMS_SOURCE := $(DESTDIR)/usr/src/rknpu-$(DKMS_VERSION)

.PHONY: dkms-install dkms-remove all modules clean demo demo-ocr check check-ci check-fast check-twin check-island check-mutants check-networks check-packages check-races kernels bench fuzz soak help

all: modules

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

clean:
	rm -rf build
	if [ -d $(KDIR) ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) $@; fi

# Remove the old one first: DKMS would install an earlier build of the same version, even if the source has changed.
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

check-races:
	@selftests/checks/check races

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
	@echo 'make dkms-install  have DKMS build and install the module for this and every later kernel; make dkms-remove undoes it'
	@echo 'make clean        remove everything that was built'
	@echo 'make demo         set up, build and boot a virtual board whose NPU computes matrix products and reads handwritten digits;'
	@echo '                  PICTURE=FILE.pgm selects another picture of digits'
	@echo 'make demo-ocr     read the text in a picture: three networks, one core each, with Rockchip'"'"'s compiler and closed runtime'
	@echo '                  (from the Python registry), compared with onnxruntime; PICTURE=FILE selects another picture'
	@echo 'make check        all tests; KERNELS="6.1 debug" selects kernels, T=PATTERN selects tests'
	@echo 'make check-fast   the tests that boot nothing'
	@echo 'make check-twin   the tests of the device model'
	@echo 'make check-island  the usual tests with a board'"'"'s clocks, power domains and supplies, and more devfreq governors'
	@echo 'make check-races  threads, processes and random calls on a kernel that reports data races of the driver (KCSAN), which is'
	@echo '                  built the first time, and for how long the driver keeps interrupts off'
	@echo 'make check-mutants  driver variants whose order of calls would hang a board: the twin has to catch each of them'
	@echo 'make check-networks  networks compiled with Rockchip'"'"'s compiler, run by their closed runtime (both from the Python registry)'
	@echo 'make check-packages  build, install, upgrade and remove the Debian packages on two releases (root)'
	@echo 'make kernels      build the module for every arm64 kernel and flavour of Debian, with gcc and clang, all warnings on'
	@echo 'make bench        measurements, one "name value unit" per line'
	@echo 'make fuzz         random calls in guests of several kinds, with a report of the driver lines that they reach'
	@echo 'make soak         hours of stress: clients ending, device removal, sleep and module unload a thousand times, random mixes, memory'
