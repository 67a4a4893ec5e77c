// SPDX-License-Identifier: Apache-2.0
/*
 * dbuser CONNINFO: has a connection to PostgreSQL of its own, forks children that know of it, and goes on using it.
 * A remark of the server goes to its standard error.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int ask(PGconn *connection, int number);

int ask(PGconn *connection, int number)
{
	char sql[64];
	PGresult *result;
	int answer;

	snprintf(sql, sizeof(sql), "SELECT %d * %d", number, number);
	result = PQexec(connection, sql);
	answer = PQntuples(result) == 1 ? atoi(PQgetvalue(result, 0, 0)) : -1;
	PQclear(result);
	return answer;
}

/* Uses its own connection and leaves the parent's alone, as a child must. */
static int child(const char *conninfo, int number)
{
	PGconn *connection = PQconnectdb(conninfo);
	int answer = ask(connection, number);

	printf("child: %d\n", answer);
	PQfinish(connection);
	return answer < 0;
}

int main(int argc, char **argv)
{
	PGconn *connection = PQconnectdb(argc > 1 ? argv[1] : "");

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (PQstatus(connection) != CONNECTION_OK) {
		fputs(PQerrorMessage(connection), stderr);
		return 1;
	}
	PQclear(PQexec(connection, "DO $$ BEGIN RAISE NOTICE 'a remark'; END $$"));
	for (int i = 1; i <= 5; i++) {
		pid_t pid;

		printf("parent: %d\n", ask(connection, i));
		pid = fork();
		if (pid == 0)
			exit(child(argv[1], 10 * i));
		waitpid(pid, NULL, 0);
		usleep(250000); /* batches are written meanwhile */
	}
	printf("parent: %d\n", ask(connection, 6));
	PQfinish(connection);
	return 0;
}
