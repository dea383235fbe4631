/** The base of marks on objects of others that nobody else sees. A set of all of them would cost the garbage collector more. */
export class Itself {
  constructor(object: object) {
    return object;
  }
}
