/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * The twin's own pages, which no SoC has: a control page, through which a test
 * inside the guest requests faults and reads counters, a reset block for the
 * kernel's reset-simple driver ("snps,dw-high-reset"), and a power block for its
 * Exynos power domains ("samsung,exynos5433-pd").
 * They are in a hole of QEMU's "virt" machine. The device tree describes the
 * control page with compatible "rknpu,twin"; a test that does not find that
 * node runs on a board and skips the parts that need it.
 *
 * All registers are 32 bits wide. Preprocessor constants only.
 */
#ifndef RKNPU_TWIN_REGS_H
#define RKNPU_TWIN_REGS_H

#define TWIN_CTL_ADDR			0x0b000000
#define TWIN_CTL_BYTES			0x1000
#define TWIN_RESET_ADDR			0x0b001000
#define TWIN_RESET_BYTES		0x1000

/* Power block: a control register and a status register for each core's domain */
#define TWIN_POWER_ADDR			0x0b002000
#define TWIN_POWER_BYTES		0x1000
#define TWIN_POWER_DOMAIN_BYTES		0x10
#define TWIN_POWER_CONFIG		0x0
#define TWIN_POWER_STATUS		0x4
#define TWIN_POWER_ON			0xf

/*
 * Reset block, register 0: bit 2n = ARESETn of core n, bit 2n + 1 = HRESETn of core n; 1 = asserted. Bits of lines
 * that the SoC does not have read 0 and do nothing.
 */
#define TWIN_RESET_LINE_A(core)		(2 * (core))
#define TWIN_RESET_LINE_H(core)		(2 * (core) + 1)

#define TWIN_ID				0x000	/* RO */
#define TWIN_ID_VALUE			0x4e495754	/* "TWIN" */
#define TWIN_CORES			0x004	/* RO */
#define TWIN_ASYNC			0x008	/* RO: 1 = compute runs in worker threads */
#define TWIN_COMPUTING			0x00c	/* RO: bit n = the host is computing a task of core n */

/*
 * Guest errors: behaviour that the hardware leaves undefined or that would hang
 * a board. A test that provokes errors on purpose writes their number to
 * ERROR_ACK afterwards: errors cannot be acknowledged in advance. Errors that
 * are not acknowledged fail the run.
 */
#define TWIN_ERROR_COUNT		0x010	/* RO */
#define TWIN_ERROR_LAST			0x014	/* RO: TWIN_ERROR_* below, 0 = none */
#define TWIN_ERROR_ACK			0x018	/* WO: number of errors acknowledged */
#define TWIN_ERROR_UNACKED		0x01c	/* RO */

#define TWIN_ERROR_UNDECODED		1	/* access to a page or register that is not decoded */
#define TWIN_ERROR_SIZE			2	/* access that is not 32 bits wide and aligned */
#define TWIN_ERROR_START_BUSY		3	/* start while a kick runs */
#define TWIN_ERROR_START_RESET		4	/* start, or register access, while reset is asserted */
#define TWIN_ERROR_START_SLAVE		5	/* start with PC_SEL = 1 */
#define TWIN_ERROR_CMD_ALIGN		6	/* command address not 16-byte aligned */
#define TWIN_ERROR_S_POINTER		7	/* CNA or CORE S_POINTER without the core's own number */
#define TWIN_ERROR_TLB_STALE		8	/* translation from a TLB line that no longer matches the tables */
#define TWIN_ERROR_TASKS		9	/* TASK_NUMBER 0, or no link although tasks remain */
#define TWIN_ERROR_STREAM		10	/* command word that the facts do not cover */
#define TWIN_ERROR_COMPUTE		11	/* unit set-up that the facts do not cover */
#define TWIN_ERROR_UNTRANSLATED		12	/* DMA while paging is off, or paging switched off before pending DMA */
#define TWIN_ERROR_RESET_SHORT		13	/* reset released before 32 cycles of the slower clock */
#define TWIN_ERROR_RESET_ALONE		14	/* one of the two reset lines released long before the other */
#define TWIN_ERROR_MMU_CMD		15	/* unknown IOMMU command or register */
#define TWIN_ERROR_RO_WRITE		16	/* write to a read-only register */
#define TWIN_ERROR_START_UNPRIMED	17	/* RK3576: start before CNA DATA_SIZE1 was primed in both groups */
#define TWIN_ERROR_UNPOWERED		18	/* access to a core whose power is off; power off while a kick runs */
#define TWIN_ERROR_UNCLOCKED		19	/* the same for a clock */
#define TWIN_ERROR_RATE			20	/* rate change without power domain, or without the rate's voltage or margin */
#define TWIN_ERROR_DOMAIN		21	/* power domain switched off while something in it is not idle */

/*
 * Faults on demand. Writing CORE, KIND, PARAM, then COUNT arms the fault for the
 * next COUNT kicks of that core (0 disarms); COUNT reads the remaining number.
 */
#define TWIN_FAULT_CORE			0x020	/* RW */
#define TWIN_FAULT_KIND			0x024	/* RW */
#define TWIN_FAULT_PARAM		0x028	/* RW */
#define TWIN_FAULT_COUNT		0x02c	/* RW: writing arms */

#define TWIN_FAULT_NONE			0
#define TWIN_FAULT_NEVER		1	/* the kick computes nothing and never completes; counter stays at 0 */
#define TWIN_FAULT_LATE			2	/* completes PARAM microseconds later than it would */
#define TWIN_FAULT_WRONG_BIT		3	/* completes with raw status PARAM instead of the right bits */
#define TWIN_FAULT_MMU_READ		4	/* the first data read finds no translation */
#define TWIN_FAULT_MMU_WRITE		5	/* the first data write finds no translation */
#define TWIN_FAULT_MMU_FETCH		6	/* the command fetch finds no translation */
#define TWIN_FAULT_BUS_ERROR		7	/* the table walk fails with a bus error */
#define TWIN_FAULT_STALL		8	/* the 1-in-4000 erratum: looks started, counter 0, all status 0; lasts until all cores are in reset at once */
#define TWIN_FAULT_AFTER_RESET		9	/* like NEVER, and an interrupt (raw PARAM) fires after the next reset */
#define TWIN_FAULT_EARLY		10	/* raw PARAM[16:0] is set early; the last task's data follows PARAM[31:20] * 100 us later */
#define TWIN_FAULT_LOST_IRQ		11	/* completes, but the line does not rise before the next write of INTERRUPT_CLEAR */
#define TWIN_FAULT_UNSEEN		12	/* completes, but the raw status does not show it; status and line do */

#define TWIN_EARLY_100US		0xfff00000	/* all ones: until it is released */

/* Writing a core number raises the raw bits in TWIN_FAULT_PARAM of that core immediately, even without a job */
#define TWIN_SPURIOUS			0x030	/* WO */
/* Writing a core number ends the delay of that core's LATE kick, or the wait after its EARLY status */
#define TWIN_RELEASE			0x034	/* WO */
/*
 * For the core in TWIN_FAULT_CORE: the next write of INTERRUPT_CLEAR while an interrupt is pending takes effect at
 * once, but the writing processor only continues after this many milliseconds, while others run. Reads the armed
 * value: 0 after that write, and always 0 if only one processor runs at a time.
 */
#define TWIN_SLOW_ACK_MS		0x038	/* RW */

/* Timing model; takes effect with the next kick. The values after power-on are RK3588's. */
#define TWIN_CLOCK_MHZ			0x040	/* RW, 1000 */
#define TWIN_MACS_PER_CYCLE		0x044	/* RW, 1024: int8; fp16 and int16 run at half of it; 0: as after power-on */
#define TWIN_TASK_OVERHEAD_NS		0x048	/* RW, 1000: fetch and set-up of one task */
#define TWIN_BYTES_PER_CYCLE		0x04c	/* RW, 9: memory rate */

/*
 * Power island (island=on): state of a board's power hardware, and failures on demand. Writing REFUSE_RATE makes that
 * many of the following rate changes fail; bit n of REFUSE_POWER keeps domain n from being switched on.
 */
#define TWIN_ISLAND			0x050	/* RO: 1 = there is one */
#define TWIN_NPU_UV			0x054	/* RO: supply of the units */
#define TWIN_MEM_UV			0x058	/* RO: supply of their memories */
#define TWIN_MARGIN			0x05c	/* RO: read margin */
#define TWIN_DOMAINS			0x060	/* RO: bit n = domain n is on */
#define TWIN_REFUSE_RATE		0x064	/* RW */
#define TWIN_REFUSE_POWER		0x068	/* RW */
#define TWIN_RATE_CALLS			0x06c	/* RO: rate changes that were carried out */
#define TWIN_ON_NS			0x070	/* RO: virtual time with core 0's domain on, low; high at +4 */
#define TWIN_MILLIDEGREES		0x078	/* RW: reading of the temperature sensor */

#define TWIN_DOMAIN_NPU			0	/* parent of the others, contains no core */
#define TWIN_DOMAIN_NPUTOP		1	/* core 0 and the parts that cores share */
#define TWIN_DOMAIN_NPU1		2
#define TWIN_DOMAIN_NPU2		3
#define TWIN_DOMAIN_COUNT		4

/* Doorbell of the firmware (arm,mhu); a board uses an SMC instead */
#define TWIN_MHU_ADDR			0x0b003000
#define TWIN_MHU_BYTES			0x1000

/* Per-core counters at CORE_STAT(core) + offset; RO, 64-bit values as low, high */
#define TWIN_CORE_STAT(core)		(0x100 + 0x80 * (core))
#define TWIN_STAT_KICKS			0x00	/* starts accepted */
#define TWIN_STAT_TASKS			0x04	/* tasks retired */
#define TWIN_STAT_IRQS			0x08	/* rising edges of the PC's interrupt */
#define TWIN_STAT_RESETS		0x0c	/* completed core resets */
#define TWIN_STAT_FAULTS		0x10	/* MMU faults */
#define TWIN_STAT_ZAP_LINES		0x14	/* ZAP_ONE_LINE writes, all banks of the core */
#define TWIN_STAT_ZAP_ALLS		0x18	/* ZAP_CACHE commands */
#define TWIN_STAT_DTE_WRITES		0x1c	/* non-zero DTE_ADDR writes, except the reset probe value */
#define TWIN_STAT_BUSY_NS		0x20	/* virtual time with a kick in flight, low; high at +4 */
#define TWIN_STAT_START_NS		0x28	/* virtual time of the last start, low; high at +4 */
#define TWIN_STAT_END_NS		0x30	/* virtual time of the last completion, low; high at +4 */

#endif /* RKNPU_TWIN_REGS_H */
