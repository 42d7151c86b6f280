/* SPDX-License-Identifier: MIT */
#include "crc32c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

enum { POLYNOMIAL = 0x82f63b78u };

/* table[k][b]: what byte b does to the checksum when k bytes follow it. */
static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void make_table(void)
{
	for (unsigned byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		table[0][byte] = crc;
	}
	for (int k = 1; k < 8; k++)
		for (unsigned byte = 0; byte < 256; byte++)
			table[k][byte] =
				table[k - 1][byte] >> 8 ^ table[0][table[k - 1][byte] & 0xff];
}

uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	pthread_once(&table_once, make_table);
	crc = ~crc;
	for (; length >= 8; at += 8, length -= 8) {
		uint32_t low = crc ^ ((uint32_t)at[0] | (uint32_t)at[1] << 8 |
				      (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);

		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
		      table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^ table[3][at[4]] ^
		      table[2][at[5]] ^ table[1][at[6]] ^ table[0][at[7]];
	}
	for (; length > 0; at++, length--)
		crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
	return ~crc;
}

/* The state after BYTES: the checksum, inverted. */
#if defined(__x86_64__)
#define WITH_INSTRUCTION __attribute__((target("sse4.2")))

WITH_INSTRUCTION static inline uint64_t add_word(uint64_t state, uint64_t word)
{
	return __builtin_ia32_crc32di(state, word);
}

WITH_INSTRUCTION static inline uint32_t add_bytes(uint64_t whole, const unsigned char *at,
						  size_t length)
{
	uint32_t state, four;
	uint16_t two;

	for (; length >= 8; at += 8, length -= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		whole = add_word(whole, word);
	}
	state = (uint32_t)whole;
	if (length & 4) {
		memcpy(&four, at, 4);
		state = __builtin_ia32_crc32si(state, four);
		at += 4;
	}
	if (length & 2) {
		memcpy(&two, at, 2);
		state = __builtin_ia32_crc32hi(state, two);
		at += 2;
	}
	return length & 1 ? __builtin_ia32_crc32qi(state, *at) : state;
}

/*
 * By hand, and once: the compiler's own way costs every process that is linked
 * to it four page faults at its start, and the question is slow in a virtual
 * machine.
 */
static int has_instruction(void)
{
	static _Atomic int known; /* 0: not asked yet, 1: no, 2: yes */
	int answer = atomic_load_explicit(&known, memory_order_relaxed);
	unsigned a, b, c, d;

	if (answer == 0) {
		answer = __get_cpuid(1, &a, &b, &c, &d) && c & bit_SSE4_2 ? 2 : 1;
		atomic_store_explicit(&known, answer, memory_order_relaxed);
	}
	return answer == 2;
}
#elif defined(__aarch64__)
#define WITH_INSTRUCTION __attribute__((target("+crc")))

WITH_INSTRUCTION static inline uint32_t add_word(uint32_t state, uint64_t word)
{
	return __crc32cd(state, word);
}

WITH_INSTRUCTION static inline uint32_t add_bytes(uint32_t state, const unsigned char *at,
						  size_t length)
{
	for (; length >= 8; at += 8, length -= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		state = add_word(state, word);
	}
	for (; length > 0; at++, length--)
		state = __crc32cb(state, *at);
	return state;
}

static int has_instruction(void)
{
	return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}
#endif

#ifdef WITH_INSTRUCTION
WITH_INSTRUCTION static uint32_t by_instruction(uint32_t crc, const void *bytes, size_t length)
{
	return ~add_bytes(~crc, bytes, length);
}

WITH_INSTRUCTION static uint32_t headed_by_instruction(uint64_t first, uint64_t second,
						       const void *bytes, size_t length)
{
	return ~add_bytes(add_word(add_word(~(uint32_t)0, first), second), bytes, length);
}
#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t length)
{
#ifdef WITH_INSTRUCTION
	if (has_instruction())
		return by_instruction(crc, bytes, length);
#endif
	return crc32c_by_table(crc, bytes, length);
}

uint32_t crc32c_headed(uint64_t first, uint64_t second, const void *bytes, size_t length)
{
	const uint64_t words[] = { first, second };

#ifdef WITH_INSTRUCTION
	if (has_instruction())
		return headed_by_instruction(first, second, bytes, length);
#endif
	return crc32c_by_table(crc32c_by_table(0, words, sizeof words), bytes, length);
}
