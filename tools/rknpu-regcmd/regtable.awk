# SPDX-License-Identifier: GPL-2.0-only
#
# Generates the tables of names from rknpu_regs.h and rknpu_regcmd.h, so that no
# fact is written twice. It relies on this format: a register is a four-digit
# constant RKNPU_<BLOCK>_<REGISTER>, its fields are eight-digit masks named after
# it; "N registers" in the comment makes it an array, "- 1" a size field, "signed"
# a signed field. A mask that belongs to no register stops the build.

# Registers and masks that are common to several blocks or registers
BEGIN {
	generic["S_STATUS"] = generic["S_POINTER"] = generic["OPERATION_ENABLE"] = 1
	shared["DPU_STAGE_CFG"] = "DPU_BS_CFG DPU_BN_CFG"
	shared["DPU_STAGE_MUL"] = "DPU_BS_MUL_CFG DPU_BN_MUL_CFG"
	shared["DPU_LUT_SLOPE_SCALE"] = "DPU_LUT_LE_SLOPE_SCALE DPU_LUT_LO_SLOPE_SCALE"
	shared["DPU_LUT_SLOPE_SHIFT"] = "DPU_LUT_LE_SLOPE_SHIFT DPU_LUT_LO_SLOPE_SHIFT"
	shared["PPU_DATA_CUBE"] = "PPU_DATA_CUBE_IN_WIDTH PPU_DATA_CUBE_IN_HEIGHT PPU_DATA_CUBE_IN_CHANNEL " \
		"PPU_DATA_CUBE_OUT_WIDTH PPU_DATA_CUBE_OUT_HEIGHT PPU_DATA_CUBE_OUT_CHANNEL " \
		"PPU_RDMA_CUBE_IN_WIDTH PPU_RDMA_CUBE_IN_HEIGHT PPU_RDMA_CUBE_IN_CHANNEL"
	shared["PPU_PADDING_VALUE_2"] = "PPU_PADDING_VALUE_2_CFG"
	shared["PPU_RECIP_KERNEL"] = "PPU_RECIP_KERNEL_WIDTH PPU_RECIP_KERNEL_HEIGHT"
}

$1 != "#define" || $2 !~ /^RKNPU_/ || NF < 3 { next }
{ name = substr($2, 7); value = $3; comment = $0; sub(/^[^\/]*/, "", comment) }

name ~ /_BASE$/ && value ~ /^0x[0-9a-f]+$/ { blocks[++nblocks] = substr(name, 1, length(name) - 5); next }
name ~ /^TARGET_/ { target[substr(name, 8)] = 1; next }
name ~ /^PREC_/ { precs[++nprecs] = name; next }
name ~ /^ENABLE_/ { bits[++nbits] = name; next }
value ~ /^0x[0-9a-f][0-9a-f][0-9a-f][0-9a-f]$/ { add_register(); next }
value ~ /^0x[0-9a-f]+$/ && length(value) == 10 && name !~ /_RESET$/ { add_field() }

# The block whose name @n begins with; the longer one of DPU and DPU_RDMA
function block_of(n,  i, best) {
	for (i = 1; i <= nblocks; i++)
		if (index(n, blocks[i] "_") == 1 && length(blocks[i]) > length(best))
			best = blocks[i]
	return best
}

function add_register(  n) {
	if (!(name in generic) && block_of(name) == "")
		return
	n = 1
	if (match(comment, /[0-9]+ registers/))
		n = substr(comment, RSTART, RLENGTH) + 0
	regs[++nregs] = name
	count[name] = n
}

function add_field(  i, best) {
	for (i = 1; i <= nregs; i++)
		if (index(name, regs[i] "_") == 1 && length(regs[i]) > length(best))
			best = regs[i]
	for (i in shared)
		if (index(name, i "_") == 1)
			best = i
	if (best == "") {
		if (block_of(name) == "")
			return
		print FILENAME ":" FNR ": " $2 " belongs to no register" > "/dev/stderr"
		failed = 1
		exit 1
	}
	fields[best] = fields[best] " " name
	part[name] = substr(name, length(best) + 2)
	sign[name] = comment ~ /signed/
	minus1[name] = comment ~ /- 1/
}

function emit(block, reg, key, offset,  i, n, list, first, all) {
	first = nfields
	all = fields[key]
	for (i in shared)
		if (index(" " shared[i] " ", " " key " "))
			all = all fields[i]
	n = split(all, list, " ")
	for (i = 1; i <= n; i++)
		field_lines[nfields++] = sprintf("\t{ RKNPU_%s, \"%s\", %d, %d },", list[i], part[list[i]], sign[list[i]], minus1[list[i]])
	reg_lines[nlines++] = sprintf("\t{ %s, %d, \"%s\", \"%s\", %d, %d },", offset, count[key], block, reg, first, nfields - first)
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= nregs; i++) {
		if (regs[i] in generic)
			continue
		block = block_of(regs[i])
		reg = substr(regs[i], length(block) + 2)
		emit(block, reg, reg in generic ? reg : regs[i], "RKNPU_" regs[i])
		have[block "." reg] = 1
	}
	for (reg in generic)
		for (i = 1; i <= nblocks; i++)
			if (blocks[i] in target && blocks[i] != "PC" && !((blocks[i] "." reg) in have))
				emit(blocks[i], reg, reg, "RKNPU_" blocks[i] "_BASE + RKNPU_" reg)

	print "/* Made by regtable.awk */"
	print "static const struct reg_field fields[] = {"
	for (i = 0; i < nfields; i++)
		print field_lines[i]
	print "};\n\nstatic const struct reg regs[] = {"
	for (i = 0; i < nlines; i++)
		print reg_lines[i]
	print "};\n\nstatic const struct reg_block blocks[] = {"
	for (i = 1; i <= nblocks; i++)
		printf("\t{ RKNPU_%s_BASE, %s, \"%s\" },\n", blocks[i], blocks[i] in target ? "RKNPU_TARGET_" blocks[i] : "0", blocks[i])
	print "};\n\nstatic const char *const precisions[] = {"
	for (i = 1; i <= nprecs; i++)
		printf("\t[RKNPU_%s] = \"%s\",\n", precs[i], tolower(substr(precs[i], 6)))
	print "};"
	print "\nstatic const struct reg_field enable_bits[] = {"
	for (i = 1; i <= nbits; i++)
		printf("\t{ RKNPU_%s, \"%s\", 0, 0 },\n", bits[i], substr(bits[i], length("ENABLE_") + 1))
	print "};"
}
