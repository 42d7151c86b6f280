/* SPDX-License-Identifier: MIT */
#ifndef REF_H
#define REF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * References: the one notation for every IPC object, printed and accepted by
 * every tool.
 *
 *	REF  = [KIND ":"] NAME
 *	KIND = "shm" | "mq" | "sem" | "ring"
 *	NAME = "/" NAME               POSIX
 *	     | "key:" NUMBER          System V: 0x1 to 0xffffffff, or decimal
 *	     | "id:" NUMBER           System V
 *	     | "ftok:" PATH ["," PROJ] System V: PROJ is 0xHH or one character
 *	     | "private"              System V, only where an object is created
 *
 * In a NAME, control bytes, bytes that are not UTF-8 and backslashes are
 * written \xHH.
 */
enum ref_kind {
	REF_SHM = 1,
	REF_MQ = 2,
	REF_SEM = 4,
	REF_RING = 8,
};

enum ref_form {
	REF_POSIX,
	REF_KEY,
	REF_ID,
	REF_FTOK,
	REF_PRIVATE,
};

struct ref {
	enum ref_kind kind;
	enum ref_form form;
	key_t key;             /* REF_KEY; after ref_resolve() of each with a key */
	int id;                /* REF_ID */
	unsigned char project; /* REF_FTOK */
	char name[PATH_MAX];   /* REF_POSIX with its slash; REF_FTOK: the path */
};

enum {
	REF_NAME_MAX = 255,               /* bytes of a POSIX name after its slash */
	REF_TEXT_MAX = 4 * PATH_MAX + 32, /* bytes of a printed REF, its NUL included */
};

/*
 * Read a REF from LENGTH bytes of TEXT.  KINDS is a set of enum ref_kind that
 * are accepted; KIND may be left out of TEXT when there is one.
 * Returns NULL with REF filled, or a phrase that says what is wrong with TEXT
 * ("has no kind: shm:, mq:, sem: or ring:"), REF then being undefined.
 */
const char *ref_scan(const char *text, size_t length, unsigned kinds, struct ref *ref);

/*
 * What is wrong with REF as the name of an object to be created, or NULL.
 * (A segment called sem.x or ring.x would be a semaphore or a ring.)
 */
const char *ref_unfit_for_new(const struct ref *ref);

/* What is wrong with REF as the name of an existing object, or NULL. */
const char *ref_unfit_for_old(const struct ref *ref);

/* Print REF with its kind into TEXT, of REF_TEXT_MAX bytes.  Returns TEXT. */
char *ref_print(const struct ref *ref, char *text);

/* Whether REF names a POSIX object. */
bool ref_is_posix(const struct ref *ref);

/*
 * Find the key of a System V REF that is no id: afterwards REF->key is set.
 * Returns 0, or -1 with the errno of stat(2) on ftok's path.
 */
int ref_resolve(struct ref *ref);

#endif
