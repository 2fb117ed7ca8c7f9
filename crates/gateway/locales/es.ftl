# Lo que dicen las páginas propias de la pasarela.

link-account = Tu cuenta
link-at-pool = Cómo inicias sesión
link-mlflow = Volver a MLflow
link-front = Ir a la primera página

front-title = ¿Qué quieres abrir?
front-lead = Donde aún no hayas iniciado sesión, se te pedirá que lo hagas.
front-open = MLflow: { $stage }
front-none = Aquí no hay nada que puedas abrir. Pide un rol a quienes lo administran.

going-title = Iniciando sesión
going-on = Continuar a la página de inicio de sesión

account-title = Tu cuenta
account-name = Sesión iniciada como
account-role = Con el rol
account-sign-out = Cerrar sesión

signed-out-title = Has cerrado sesión
signed-out-lead = Las otras pestañas de este navegador también han cerrado sesión.
signed-out-in = Volver a iniciar sesión

refused-forbidden = No está permitido
refused-nobody = Nadie ha iniciado sesión
refused-broken = Eso no ha funcionado
refused-other = Esta página no se puede mostrar
refused-why = Esto es lo que dice la pasarela (en inglés):
refused-trace = Si pides ayuda, indica esta petición:
