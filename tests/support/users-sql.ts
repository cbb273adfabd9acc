import initSqlJs from "sql.js";

export type Table = "ps_endpoints" | "ps_auths" | "ps_aors";

/** Looks something up as Asterisk does; null where it is not there. */
export type LookUp = (table: Table, id: string) => Readonly<Record<string, unknown>> | null;

/** Gives what loads a `users.sql` into a real SQLite, which forgets one when it gets the next. */
export async function sqlite(): Promise<(text: string) => LookUp> {
  const { Database } = await initSqlJs();
  let database = new Database();
  return (text) => {
    database.close();
    database = new Database();
    database.run(text);
    return (table, id) => {
      const statement = database.prepare(`SELECT * FROM ${table} WHERE id = ?`, [id]);
      const found = statement.step() ? statement.getAsObject() : null;
      statement.free();
      return found;
    };
  };
}
