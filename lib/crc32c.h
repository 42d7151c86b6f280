/* SPDX-License-Identifier: MIT */
#ifndef CRC32C_H
#define CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32C (Castagnoli), by the processor's own instruction where it has one.
 * Source: RFC 3720, appendix B.4.
 */

/* The checksum of what CRC (0 at the start) is of, and LENGTH BYTES behind that. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t length);

/*
 * The checksum of FIRST and SECOND, eight bytes each as they stand in memory, and
 * of LENGTH BYTES behind them.  It is faster than crc32c() of each: they need not
 * be in memory.
 */
uint32_t crc32c_headed(uint64_t first, uint64_t second, const void *bytes, size_t length);

/* crc32c() without the instruction. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t length);

#endif
