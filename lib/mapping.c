/* SPDX-License-Identifier: MIT */
#include "mapping.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

static struct mapping *known[MAPPING_MOST];

/* Put zeros in the place of MAPPING.  Only system calls: it runs in a handler. */
static bool replace(struct mapping *mapping)
{
	__atomic_store_n(&mapping->cut, 1, __ATOMIC_RELEASE);
	return mmap(mapping->memory, mapping->size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	uintptr_t address = (uintptr_t)info->si_addr;
	int kept = errno;

	(void)context;
	for (int i = 0; i < MAPPING_MOST; i++) {
		struct mapping *mapping = __atomic_load_n(&known[i], __ATOMIC_ACQUIRE);

		if (mapping != NULL && address - (uintptr_t)mapping->memory < mapping->size &&
		    replace(mapping)) {
			errno = kept;
			return;
		}
	}
	/* It is not ours: it comes again, and then kills. */
	sigaction(signal, &plain, NULL);
	errno = kept;
}

int mapping_open(struct mapping *mapping, int descriptor, size_t size, bool writable)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
	void *memory = mmap(NULL, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
			    descriptor, 0);

	if (memory == MAP_FAILED)
		return -1;
	*mapping = (struct mapping){ .memory = memory, .size = size };
	for (int i = 0; i < MAPPING_MOST; i++) {
		struct mapping *none = NULL;

		if (!__atomic_compare_exchange_n(&known[i], &none, mapping, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			continue;
		sigaction(SIGBUS, &action, NULL);
		return 0;
	}
	munmap(memory, size);
	mapping->memory = NULL;
	errno = EMFILE;
	return -1;
}

void mapping_close(struct mapping *mapping)
{
	if (mapping->memory == NULL)
		return;
	for (int i = 0; i < MAPPING_MOST; i++) {
		struct mapping *self = mapping;

		__atomic_compare_exchange_n(&known[i], &self, NULL, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED);
	}
	munmap(mapping->memory, mapping->size);
	mapping->memory = NULL;
}
