/* SPDX-License-Identifier: MIT */
#include "ref.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>

#include "say.h"

static const struct {
	enum ref_kind kind;
	const char *word;
	size_t name_max;
} kinds_known[] = {
	{ REF_SHM, "shm", REF_NAME_MAX },
	{ REF_MQ, "mq", REF_NAME_MAX },
	{ REF_SEM, "sem", REF_NAME_MAX - 4 },   /* lies in /dev/shm as sem.NAME */
	{ REF_RING, "ring", REF_NAME_MAX - 5 }, /* as ring.NAME */
};

enum { KINDS = sizeof kinds_known / sizeof *kinds_known };

/* The part of a text that is not read yet. */
struct span {
	const char *at, *end;
};

static bool take(struct span *span, const char *word)
{
	size_t length = strlen(word);

	if ((size_t)(span->end - span->at) < length || memcmp(span->at, word, length) != 0)
		return false;
	span->at += length;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The rest of SPAN as a number, up to 2^32 - 1, without leading zeros. */
static const char *take_number(struct span *span, int base, int64_t *number)
{
	const char *c = span->at;
	int64_t value = 0;

	if (c == span->end)
		return "has no number";
	if (*c == '0' && span->end - c > 1 && hex_value(c[1]) >= 0)
		return "has a number with a leading zero";
	for (; c < span->end; c++) {
		int digit = hex_value(*c);

		if (digit < 0 || digit >= base)
			return "has no valid number";
		value = value * base + digit;
		if (value > UINT32_MAX)
			return "has a number that is too large";
	}
	*number = value;
	return NULL;
}

static const char *scan_key(struct span *span, struct ref *ref)
{
	bool hex = take(span, "0x"), negative = !hex && take(span, "-");
	int64_t value;
	const char *wrong = take_number(span, hex ? 16 : 10, &value);

	if (wrong != NULL)
		return wrong;
	if (value == 0)
		return "has the key 0, which names no object (to create one without a key: "
		       "private)";
	if (negative && value > (int64_t)INT32_MAX + 1)
		return "has a number that is too small";
	ref->form = REF_KEY;
	ref->key = (key_t)(uint32_t)(negative ? -value : value);
	return NULL;
}

static const char *scan_id(struct span *span, struct ref *ref)
{
	int64_t value;
	const char *wrong = take_number(span, 10, &value);

	if (wrong != NULL)
		return wrong;
	if (value > INT_MAX)
		return "has a number that is too large";
	ref->form = REF_ID;
	ref->id = (int)value;
	return NULL;
}

/* SPAN with \xHH read as bytes, into a NAME of SIZE bytes, ended by NUL. */
static const char *take_name(const struct span *span, char *name, size_t size)
{
	size_t used = 0;

	for (const char *c = span->at; c < span->end; c++) {
		char byte = *c;

		if (byte == '\\') {
			int high, low;

			if (span->end - c < 4 || c[1] != 'x' || (high = hex_value(c[2])) < 0 ||
			    (low = hex_value(c[3])) < 0)
				return "has a backslash that begins no \\xHH (a backslash itself "
				       "is \\x5c)";
			byte = (char)(high * 16 + low);
			c += 3;
		}
		if (byte == '\0')
			return "has a NUL in its name";
		if (used + 1 >= size)
			return "is too long";
		name[used++] = byte;
	}
	name[used] = '\0';
	return NULL;
}

static const char *scan_ftok(struct span *span, struct ref *ref)
{
	const char *comma = memrchr(span->at, ',', (size_t)(span->end - span->at));

	ref->form = REF_FTOK;
	ref->project = 1;
	if (comma != NULL) {
		struct span project = { .at = comma + 1, .end = span->end };
		int high = -1, low = -1;

		span->end = comma;
		if (project.end - project.at == 1) {
			ref->project = (unsigned char)project.at[0];
		} else if (project.end - project.at == 4 && take(&project, "0x") &&
			   (high = hex_value(project.at[0])) >= 0 &&
			   (low = hex_value(project.at[1])) >= 0) {
			ref->project = (unsigned char)(high * 16 + low);
		} else {
			return "has a project that is neither 0xHH nor one character";
		}
		if (ref->project == 0)
			return "has the project 0, which ftok(3) does not know";
	}
	if (span->at == span->end)
		return "has no path";
	return take_name(span, ref->name, sizeof ref->name);
}

static const char *scan_posix(struct span *span, size_t name_max, struct ref *ref)
{
	const char *wrong = take_name(span, ref->name, sizeof ref->name);
	const char *name = ref->name + 1;

	if (wrong != NULL)
		return wrong;
	if (*name == '\0')
		return "has nothing after its slash";
	if (strchr(name, '/') != NULL)
		return "has a second slash";
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return "is a directory's name";
	if (strlen(name) <= name_max) {
		ref->form = REF_POSIX;
		return NULL;
	}
	switch (name_max) {
	case REF_NAME_MAX:
		return "is too long: at most 255 bytes may follow the slash";
	case REF_NAME_MAX - 4:
		return "is too long: at most 251 bytes may follow a semaphore's slash";
	default:
		return "is too long: at most 250 bytes may follow a ring's slash";
	}
}

static const char *scan_kind(struct span *span, unsigned kinds, size_t *known)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct span rest = *span;

		if (take(&rest, kinds_known[i].word) && take(&rest, ":")) {
			*span = rest;
			*known = i;
			return kinds & kinds_known[i].kind
				       ? NULL
				       : "is of a kind that this tool does not handle";
		}
		if (kinds == (unsigned)kinds_known[i].kind)
			*known = i;
	}
	return *known < KINDS ? NULL : "has no kind (shm:, mq:, sem: or ring:)";
}

const char *ref_scan(const char *text, size_t length, unsigned kinds, struct ref *ref)
{
	struct span span = { .at = text, .end = text + length };
	size_t known = KINDS;
	const char *wrong;

	if (length == 0)
		return "is empty";
	wrong = scan_kind(&span, kinds, &known);
	if (wrong != NULL)
		return wrong;
	ref->kind = kinds_known[known].kind;
	if (span.at < span.end && *span.at == '/')
		return scan_posix(&span, kinds_known[known].name_max, ref);
	if (take(&span, "key:"))
		wrong = scan_key(&span, ref);
	else if (take(&span, "id:"))
		wrong = scan_id(&span, ref);
	else if (take(&span, "ftok:"))
		wrong = scan_ftok(&span, ref);
	else if (take(&span, "private") && span.at == span.end)
		ref->form = REF_PRIVATE;
	else
		return "is no name: /NAME, key:NUMBER, id:NUMBER, ftok:PATH or private";
	if (wrong == NULL && ref->kind == REF_RING)
		return "names a System V object, and there are no such rings";
	return wrong;
}

const char *ref_unfit_for_new(const struct ref *ref)
{
	if (ref->form == REF_ID)
		return "is an id, and the system chooses those (private, key: or ftok:)";
	if (ref->form != REF_POSIX || ref->kind != REF_SHM)
		return NULL;
	if (strncmp(ref->name, "/sem.", 5) == 0)
		return "would be taken for a semaphore (sem:)";
	if (strncmp(ref->name, "/ring.", 6) == 0)
		return "would be taken for a ring (ring:)";
	return NULL;
}

const char *ref_unfit_for_old(const struct ref *ref)
{
	return ref->form == REF_PRIVATE ? "names no object: private is for creating one" : NULL;
}

/* NUMBER to the base BASE at OUT, and NUL.  Every start prints a REF: printf(3) would cost it more.
 */
static char *put_number(char *out, unsigned number, unsigned base)
{
	char digits[32], *at = digits + sizeof digits;

	do
		*--at = "0123456789abcdef"[number % base];
	while ((number /= base) != 0);
	out = mempcpy(out, at, (size_t)(digits + sizeof digits - at));
	*out = '\0';
	return out;
}

char *ref_print(const struct ref *ref, char *text)
{
	char *out = text;

	for (size_t i = 0; i < KINDS; i++)
		if (kinds_known[i].kind == ref->kind)
			out = stpcpy(stpcpy(out, kinds_known[i].word), ":");
	switch (ref->form) {
	case REF_KEY:
		put_number(stpcpy(out, "key:0x"), (unsigned)ref->key, 16);
		return text;
	case REF_ID:
		put_number(stpcpy(out, "id:"), (unsigned)ref->id, 10);
		return text;
	case REF_PRIVATE:
		strcpy(out, "private");
		return text;
	case REF_FTOK:
		out = stpcpy(out, "ftok:");
		break;
	case REF_POSIX:
		break;
	}
	out += say_defang(out, ref->name, strlen(ref->name), SAY_BACKSLASH_ESCAPED);
	if (ref->form == REF_FTOK)
		put_number(stpcpy(out, ref->project < 16 ? ",0x0" : ",0x"), (unsigned)ref->project,
			   16);
	else
		*out = '\0';
	return text;
}

bool ref_is_posix(const struct ref *ref)
{
	return ref->form == REF_POSIX;
}

int ref_resolve(struct ref *ref)
{
	if (ref->form == REF_PRIVATE)
		ref->key = IPC_PRIVATE;
	if (ref->form != REF_FTOK)
		return 0;
	errno = 0;
	ref->key = ftok(ref->name, ref->project);
	return ref->key == -1 && errno != 0 ? -1 : 0;
}
