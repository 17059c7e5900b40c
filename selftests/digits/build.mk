# SPDX-License-Identifier: GPL-2.0-only
#
# The network that reads digits: the host draws, trains and computes the reference, a test and the demo run it.

DIGITS_OBJS := $(addprefix $(O)/lib/digits/,on_npu.o files.o pgm.o picture.o png.o)
DIGITS_HOST := $(addprefix digits/,digits.c draw.c train.c reference.c pgm.c)
DIGITS_DATA := $(addprefix $(O)/digits/,digits.net digits.pgm digits.ref)
DIGITS_USERS := $(O)/test_digits $(O)/rknpu-demo

$(O)/lib/digits/%.o: digits/%.c $(HEADERS) $(wildcard digits/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Ilib $(INCLUDES) -isystem $(DRM_DIR) -c -o $@ $<

$(DIGITS_USERS): $(DIGITS_OBJS) $(wildcard digits/*.h)
$(DIGITS_USERS): LIB_OBJS += $(DIGITS_OBJS)
$(DIGITS_USERS): INCLUDES += -Ilib

# No fused operations, which round differently: every machine then trains the same network
$(O)/host/digits: $(DIGITS_HOST) $(wildcard digits/*.h) digits/build.mk
	@mkdir -p $(@D)
	$(HOSTCC) $(CFLAGS) -O3 -ffp-contract=off -fno-math-errno -o $@ $(DIGITS_HOST) -lm

$(O)/digits/digits.net: $(O)/host/digits
	@mkdir -p $(@D)
	$< train $@

$(O)/digits/digits.pgm: $(O)/host/digits
	@mkdir -p $(@D)
	$< draw $@

$(O)/digits/digits.ref: $(O)/host/digits $(O)/digits/digits.net $(O)/digits/digits.pgm
	$< reference $(wordlist 2,3,$^) $@
