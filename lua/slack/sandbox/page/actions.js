// What the person does, as the server takes it; what goes wrong is said in a toast.

import { toast } from "./toast.js";

let connection = null;

export function use(to) {
  connection = to;
}

// Gives the result, or undefined when it failed and the person has been told.
export async function act(name, fields) {
  try {
    const result = await connection.act(name, fields);
    if (result.failure) toast(failureText(result), "error");
    return result;
  } catch (error) {
    toast(error.message, "error");
    return undefined;
  }
}

// As act, and nothing is shown: the caller says what went wrong.
export function ask(name, fields) {
  return connection.act(name, fields);
}

// What people see, and what helps the developer.
export function failureText(result) {
  return result.detail ? `${result.failure} ${result.detail}` : result.failure;
}
