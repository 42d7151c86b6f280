/* SPDX-License-Identifier: MIT */
/*
 * For a build that counts what is run: a process that becomes another program, or
 * ends without exit(3), writes its counts first.
 */
#include <signal.h>
#include <unistd.h>

void __gcov_dump(void);
void __gcov_reset(void);

_Noreturn void __real__exit(int status);
_Noreturn void __real__Exit(int status);
int __real_execvp(const char *file, char *const words[]);
int __real_execvpe(const char *file, char *const words[], char *const environment[]);
int __real_raise(int signal);

_Noreturn void __wrap__exit(int status);
_Noreturn void __wrap__Exit(int status);
int __wrap_execvp(const char *file, char *const words[]);
int __wrap_execvpe(const char *file, char *const words[], char *const environment[]);
int __wrap_raise(int signal);

static void flush(void)
{
	__gcov_dump();
	__gcov_reset();
}

void __wrap__exit(int status)
{
	flush();
	__real__exit(status);
}

void __wrap__Exit(int status)
{
	flush();
	__real__Exit(status);
}

int __wrap_execvp(const char *file, char *const words[])
{
	flush();
	return __real_execvp(file, words);
}

int __wrap_execvpe(const char *file, char *const words[], char *const environment[])
{
	flush();
	return __real_execvpe(file, words, environment);
}

int __wrap_raise(int signal)
{
	flush();
	return __real_raise(signal);
}
