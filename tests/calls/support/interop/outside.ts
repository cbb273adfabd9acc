import { alone, code, differs, type InteropArea, outside } from "./case";

export const OUTSIDE: InteropArea = {
  title: "Outside of a call",
  cases: [
    {
      phone: "checks whether the exchange answers (OPTIONS)",
      exchange: "200",
      run: alone(async (phone) => code(await phone.ask("OPTIONS"))),
    },
    {
      phone: "sends OPTIONS to a user",
      exchange: differs("200", "404"),
      run: outside("OPTIONS"),
    },
    {
      phone: "sends a text MESSAGE to a user",
      exchange: differs("501", "405"),
      run: outside("MESSAGE", { type: "text/plain", body: "hello" }),
    },
    {
      phone: "subscribes to its voice mail (Event: message-summary)",
      exchange: differs("489", "403"),
      run: outside("SUBSCRIBE", { headers: { Event: "message-summary" } }),
    },
    {
      phone: "subscribes to the calls of another phone (Event: dialog)",
      exchange: differs("489", "403"),
      run: outside("SUBSCRIBE", { headers: { Event: "dialog" } }),
    },
    {
      phone: "subscribes to presence",
      exchange: differs("489", "403"),
      run: outside("SUBSCRIBE", { headers: { Event: "presence" } }),
    },
    {
      phone: "subscribes to an unknown event",
      exchange: differs("489", "403"),
      run: outside("SUBSCRIBE", { headers: { Event: "unknown" } }),
    },
    {
      phone: "publishes its presence (PUBLISH)",
      exchange: "489",
      run: outside("PUBLISH", { headers: { Event: "presence" } }),
    },
    {
      phone: "keeps its connection open with NOTIFY (Event: keep-alive)",
      exchange: differs("501", "200"),
      run: outside("NOTIFY", { headers: { Event: "keep-alive" } }),
    },
    {
      phone: "sends INFO without a call",
      exchange: differs("501", "481"),
      run: outside("INFO"),
    },
    {
      phone: "sends UPDATE without a call",
      exchange: differs("501", "481"),
      run: outside("UPDATE"),
    },
    {
      phone: "sends PRACK without a call",
      exchange: differs("501", "481"),
      run: outside("PRACK"),
    },
    { phone: "sends BYE without a call", exchange: "481", run: outside("BYE") },
    {
      phone: "sends an unknown method without a call",
      exchange: "501",
      run: outside("WIBBLE"),
    },
  ],
};
