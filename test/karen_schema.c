/* test/karen_schema.c: our reading of JSON Schema for others to compare with theirs. Each line in
 * is a schema, a tab and a value; each line out is 1 (it fits), 0 (it does not), or ! and why the
 * schema is refused. References are into the contract that the program was built with. */
#include "api/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void judge(struct schema_set *set, char *line)
{
    const struct schema *schema = NULL;
    char *tab = strchr(line, '\t');
    cJSON *json = tab ? cJSON_ParseWithLength(line, (size_t)(tab - line)) : NULL;
    struct arena arena = {0};
    struct faults faults = {.arena = &arena};
    cJSON *value = NULL;
    if (!json)
        printf("!no JSON, tab, JSON\n");
    else if (schema_compile(set, json, &schema))
        printf("!%s\n", schema_set_why(set));
    else if (contract_read_body(str_of(tab + 1), &arena, &value, &faults))
        printf("!%s %s\n", faults.list[0].field, faults.list[0].message);
    else
        printf("%d\n", schema_check(schema, value, "", NULL) == 0);
    arena_free(&arena);
    cJSON_Delete(json);
}

int main(void)
{
    cJSON *contract = cJSON_ParseWithLength(contract_file[0].text.at, contract_file[0].text.bytes);
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    while ((bytes = getline(&line, &room, stdin)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        struct schema_set *set = schema_set_new(contract); /* its patterns point into the schema */
        judge(set, line);
        schema_set_free(&set);
    }
    free(line);
    cJSON_Delete(contract);
    return 0;
}
