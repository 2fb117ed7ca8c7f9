"use strict";
// MLflow's pages keep where they are behind the `#`, which is not sent: it is put into the address of the next page.
var on = document.getElementById("on");
location.replace(on.href + encodeURIComponent(location.hash.slice(1)));
