/* SPDX-License-Identifier: MIT */
/*
 * libsmartcols, loaded when the first table is drawn and not before: loading it
 * costs a tool that draws none a quarter of its start.  Each function here has
 * the name and the type that the library's own header gives it.
 */
#include <dlfcn.h>
#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "say.h"

static void *find(const char *name)
{
	static void *library;
	void *found;

	if (library == NULL) {
		library = dlopen("libsmartcols.so.1", RTLD_NOW);
		/*
		 * How wide a character is, which a table has to know.  Names are
		 * shown in UTF-8 in every locale; at what is none in its own the
		 * library would turn for ever.
		 */
		if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
			setlocale(LC_CTYPE, "C.UTF-8");
	}
	found = library == NULL ? NULL : dlsym(library, name);
	if (found == NULL) {
		say("cannot draw a table: %s", dlerror());
		exit(cli_failure());
	}
	return found;
}

/* The function NAME of the library; POINTER is where its address is kept. */
#define FIND(name)                                                                                 \
	static __typeof__(name) *pointer;                                                          \
	if (pointer == NULL)                                                                       \
	*(void **)&pointer = find(#name)

struct libscols_table *scols_new_table(void)
{
	FIND(scols_new_table);
	return pointer();
}

void scols_unref_table(struct libscols_table *table)
{
	FIND(scols_unref_table);
	pointer(table);
}

struct libscols_column *scols_table_new_column(struct libscols_table *table, const char *name,
					       double width, int flags)
{
	FIND(scols_table_new_column);
	return pointer(table, name, width, flags);
}

int scols_column_set_wrapfunc(struct libscols_column *column,
			      size_t (*chunksize)(const struct libscols_column *, const char *,
						  void *),
			      char *(*nextchunk)(const struct libscols_column *, char *, void *),
			      void *data)
{
	FIND(scols_column_set_wrapfunc);
	return pointer(column, chunksize, nextchunk, data);
}

size_t scols_wrapnl_chunksize(const struct libscols_column *column, const char *cell, void *data)
{
	FIND(scols_wrapnl_chunksize);
	return pointer(column, cell, data);
}

char *scols_wrapnl_nextchunk(const struct libscols_column *column, char *cell, void *data)
{
	FIND(scols_wrapnl_nextchunk);
	return pointer(column, cell, data);
}

struct libscols_line *scols_table_new_line(struct libscols_table *table,
					   struct libscols_line *parent)
{
	FIND(scols_table_new_line);
	return pointer(table, parent);
}

int scols_line_set_data(struct libscols_line *line, size_t column, const char *data)
{
	FIND(scols_line_set_data);
	return pointer(line, column, data);
}

int scols_table_enable_noencoding(struct libscols_table *table, int enable)
{
	FIND(scols_table_enable_noencoding);
	return pointer(table, enable);
}

int scols_table_enable_noheadings(struct libscols_table *table, int enable)
{
	FIND(scols_table_enable_noheadings);
	return pointer(table, enable);
}

int scols_table_set_termforce(struct libscols_table *table, int force)
{
	FIND(scols_table_set_termforce);
	return pointer(table, force);
}

int scols_table_set_stream(struct libscols_table *table, FILE *stream)
{
	FIND(scols_table_set_stream);
	return pointer(table, stream);
}

int scols_print_table(struct libscols_table *table)
{
	FIND(scols_print_table);
	return pointer(table);
}
