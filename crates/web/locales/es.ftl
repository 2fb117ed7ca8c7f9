# Las páginas de inicio de sesión en español. Cada mensaje tiene su pareja en en.ftl.

title-problem = Problema:
problem-heading = Hay un problema

field-username = Nombre de usuario
field-username-or-address = Nombre de usuario o correo electrónico
field-address = Correo electrónico
field-password = Contraseña
field-new-password = Contraseña nueva
field-new-password-again = Contraseña nueva, otra vez
field-code = Código
field-user-code = Código de tu dispositivo

sign-in-title = Inicia sesión
sign-in-lead = para continuar en { $client }
sign-in-lead-none = para continuar
sign-in-submit = Iniciar sesión
sign-in-wrong = El nombre de usuario o la contraseña no son correctos. Revísalos e inténtalo de nuevo.
sign-in-wait = Demasiados intentos fallidos. Espera un poco e inténtalo de nuevo.
sign-in-reset = Debes cambiar la contraseña antes de iniciar sesión. Usa «¿Has olvidado la contraseña?».
sign-in-expired = Tu contraseña temporal ha caducado. Pide otra a un administrador.
link-forgot = ¿Has olvidado la contraseña?
link-sign-up-before = ¿Aún no tienes cuenta?
link-sign-up = Crea una cuenta
link-back = Volver al inicio de sesión
link-other-user = Iniciar sesión con otro usuario

code-title = Escribe tu código
code-lead = Abre tu aplicación de autenticación y escribe los seis dígitos que muestra para esta cuenta.
code-submit = Continuar
code-wrong = El código no es correcto o ya se usó. Escribe el que muestra ahora la aplicación.

authenticator-title = Configura tu aplicación de autenticación
authenticator-lead = Tu equipo pide un segundo factor. Escanea la imagen con una aplicación de autenticación y escribe los seis dígitos que muestre.
authenticator-picture = Código QR que contiene la clave de abajo
authenticator-key = ¿No puedes escanearla? Escribe esta clave en la aplicación:
authenticator-submit = Continuar
authenticator-wrong = El código no corresponde a la clave. Escribe el que muestra ahora la aplicación.

forgot-title = Contraseña olvidada
forgot-lead = Escribe tu nombre de usuario. Si existe una cuenta con una dirección de contacto, le enviaremos un código.
forgot-submit = Enviar el código
forgot-too-often = Se han pedido demasiados códigos. Espera una hora e inténtalo de nuevo.

reset-title = Elige una contraseña nueva
reset-lead = Si existe esa cuenta, se ha enviado un código a su dirección. Es válido durante una hora.
reset-submit = Guardar la contraseña
reset-wrong-code = El código no es correcto. Revisa el mensaje o pide otro código.
reset-expired-code = El código ya no es válido. Pide otro.
reset-done = Tu contraseña está guardada. Inicia sesión con ella.
link-another-code = Enviar otro código

new-password-title = Elige tu propia contraseña
new-password-lead = La contraseña con la que has entrado la puso un administrador. Elige una que solo conozcas tú.
new-password-submit = Continuar
password-hint = { $length ->
    [one] Al menos un carácter
   *[other] Al menos { $length } caracteres
}{ $classes ->
    [none] .
   *[other] , con { $classes }.
}
password-class-upper = una mayúscula
password-class-lower = una minúscula
password-class-digit = un dígito
password-class-symbol = un símbolo
password-class-and = y
password-refused = Esa contraseña no se puede usar: { $reason }
password-lack-short = { $least ->
    [one] necesita al menos un carácter.
   *[other] necesita al menos { $least } caracteres.
}
password-lack-long = puede tener como mucho { $most } caracteres.
password-lack-space = no puede empezar ni terminar con un espacio.
password-lack-lower = necesita una minúscula.
password-lack-upper = necesita una mayúscula.
password-lack-digit = necesita un dígito.
password-lack-symbol = necesita un símbolo.
password-lack-common = la usa mucha gente. Elige otra.
password-lack-personal = está hecha de tu nombre o tu dirección. Elige otra.
password-lack-guessable = se puede adivinar. Añade una o dos palabras que no vayan juntas.
password-lack-former = ya la has usado antes. Elige otra.
password-lack-unchanged = es la que tienes ahora. Elige otra.
password-lack-latin = solo puede llevar letras del alfabeto latino, dígitos y signos corrientes.
password-lack-classes = necesita tres de estas clases: mayúsculas, minúsculas, dígitos, símbolos.
password-lack-other = prueba con otra.
password-differs = Las dos contraseñas son distintas. Escribe la misma dos veces.

sign-up-title = Crea una cuenta
sign-up-submit = Crear la cuenta
sign-up-taken = No se puede crear una cuenta con estos datos. Si ya tienes una, inicia sesión.
sign-up-refused = No se puede crear la cuenta: { $reason }
link-have-account-before = ¿Ya tienes cuenta?

confirm-title = Confirma tu dirección
confirm-lead = Se ha enviado un código a tu dirección. Es válido durante un día.
confirm-not-sent = Tu cuenta está creada, pero no se ha podido enviar el código. Pide otro dentro de un momento.
confirm-submit = Confirmar
confirm-done = Tu dirección está confirmada. Ya puedes iniciar sesión.
confirm-sent = Si hay una cuenta por confirmar, otro código va de camino.

consent-title = ¿Permitir { $client }?
consent-lead = Has iniciado sesión como { $user }. { $client } pide:
consent-allow = Permitir
consent-deny = No permitir
scope-openid = saber quién eres
scope-email = ver tu correo electrónico
scope-phone = ver tu número de teléfono
scope-profile = ver tu perfil
scope-admin = leer y cambiar tu propia cuenta
scope-other = usar { $scope }

device-title = Conecta un dispositivo
device-lead = Escribe el código que muestra tu dispositivo.
device-lead-filled = Continúa solo si tu dispositivo muestra este mismo código.
device-submit = Continuar
device-too-often = Han llegado demasiados códigos erróneos desde tu red. Espera un cuarto de hora e inténtalo de nuevo.
device-wrong = Ese código no se conoce o ha caducado. Revísalo o empieza de nuevo en el dispositivo.
device-ask-title = ¿Conectar este dispositivo?
device-ask-lead = Has iniciado sesión como { $user }. Un dispositivo que dice ser { $client } muestra el código { $code }. Permítelo solo si lo tienes delante. Pide:
device-done-title = Dispositivo conectado
device-done-lead = Puedes cerrar esta página y seguir en tu dispositivo.
device-denied-title = Dispositivo no conectado
device-denied-lead = No se ha permitido nada. Puedes cerrar esta página.

sign-out-title = ¿Cerrar la sesión?
sign-out-lead = Has iniciado sesión como { $user }.
sign-out-submit = Cerrar sesión
signed-out-title = Has cerrado la sesión
signed-out-lead = Este navegador ya no te reconoce aquí. Lo que guarden otras aplicaciones depende de ellas.

error-title = No ha funcionado
error-trace = Si pides ayuda, indica esta petición:
error-app-lead = La aplicación que te ha traído aquí ha hecho una petición que no se puede atender.
error-app-help = No puedes arreglarlo tú. Di a quienes llevan la aplicación lo que pone aquí.
error-expired-title = Esta página ha caducado
error-expired-lead = Ha estado abierta demasiado tiempo, o en otro navegador. No se ha cambiado nada.
error-expired-help = Vuelve a la aplicación y empieza de nuevo.
error-cookie-lead = El formulario no venía de la página de este navegador. Si las cookies están desactivadas en este sitio, actívalas.
error-not-found-title = No existe esa página
error-not-found-lead = Puede que la dirección esté mal escrita o sea antigua.
error-busy-title = Inténtalo de nuevo en un momento
error-busy-lead = El servicio no puede responder ahora. No se ha cambiado nada.

reason-unknown-client = La aplicación no se conoce aquí, o ya no se conoce.
reason-redirect = La dirección de vuelta, `{ $uri }`, no es ninguna de las que registró la aplicación.
reason-no-redirect = La aplicación no dice adónde volver.
reason-client-closed = Esta aplicación no está preparada para iniciar sesión con un navegador.

continue-with = Continuar con { $provider }
link-offer = Ya existe una cuenta con la dirección comprobada { $email }. Inicia sesión en ella una vez y, desde entonces, { $provider } te llevará a ella.
provider-title = No has iniciado sesión
provider-unreachable = { $provider } no responde en este momento.
provider-unusable = { $provider } ha respondido de un modo que no es fiable o no se puede usar.
provider-denied = { $provider } no te ha dejado pasar, o has decidido no continuar.
provider-spent = Este inicio de sesión con { $provider } ya se usó, tardó demasiado o algo cambió entretanto.
provider-disabled = Tu cuenta no se puede usar ahora con { $provider }. Pregunta a un administrador.
provider-taken = Otra persona tiene aquí una cuenta con el nombre o la dirección que dio { $provider }. Si eres tú, entra como lo hacías antes o pide a un administrador que una las dos cuentas.
provider-unfit = Lo que { $provider } dice de ti no encaja con lo que se guarda aquí. Pregunta a un administrador.
provider-unknown = Aquí no se puede iniciar sesión con { $provider }.
provider-help = No se ha cambiado nada. Puedes intentarlo de nuevo o entrar de otra manera.
field-recovery-code = Código de recuperación
field-passkey-name = Nombre de la llave de acceso
field-passkey-name-hint = Para que la reconozcas, por ejemplo «Portátil del trabajo». Puede quedar vacío.

passkey-submit = Usar una llave de acceso
passkey-title = Usa tu llave de acceso
passkey-lead = Tu contraseña es correcta. Confirma que eres tú con tu llave de acceso.
passkey-failed = No se usó la llave de acceso: se canceló, tardó demasiado o este navegador no tiene ninguna. Vuelve a intentarlo o elige otra forma.
passkey-refused = Esa llave de acceso no se acepta aquí. Elige otra, u otra forma.
passkey-needs-script = Las llaves de acceso necesitan JavaScript. Actívalo para este sitio o elige otra forma.
link-use-app = Usar la aplicación de autenticación
link-use-passkey = Usar una llave de acceso
link-use-recovery = Usar un código de recuperación
link-account = Volver a tu cuenta

recovery-title = Usa un código de recuperación
recovery-lead = Escribe uno de los códigos que guardaste. Cada uno vale una sola vez.
recovery-wrong = El código no es correcto o ya se usó. Prueba con otro de tu lista.

sign-in-again = Hace un rato que iniciaste sesión. Vuelve a iniciarla para cambiar tu cuenta.

account-title = Tu cuenta
account-out-lead = Abre la aplicación que usas e inicia sesión en ella. Después, esta página muestra tu cuenta.
account-passkeys = Llaves de acceso
account-passkeys-lead = Inicia sesión con un dedo, tu cara o un PIN en lugar de una contraseña.
account-passkey-made = Creada el { $day }
account-passkey-add = Añadir una llave de acceso
account-passkey-remove = Quitar { $name }
account-remove = Quitar
account-passkey-added = La llave de acceso queda guardada.
account-passkey-removed = Se quitó la llave de acceso.
account-app = Aplicación de autenticación
account-app-lead = Una aplicación en tu teléfono muestra un código que se pide después de tu contraseña.
account-app-on = Se pide un código de tu aplicación cuando inicias sesión con tu contraseña.
account-app-idle = Tienes una aplicación, pero aquí no se pide su código.
account-app-set-up = Configurar una aplicación
account-app-scan = Escanea la imagen con una aplicación de autenticación y escribe los seis dígitos que muestra.
account-app-remove = Quitar la aplicación
account-app-added = La aplicación está configurada. Desde ahora se pide su código.
account-app-removed = Se quitó la aplicación.
account-factor-needed = Se te pide un segundo factor. Configura otro antes de quitar este.
account-codes = Códigos de recuperación
account-codes-left = { $left ->
    [0] No tienes códigos de recuperación. Crea algunos por si pierdes aquello con lo que inicias sesión.
    [one] Te queda un código de recuperación. Crea otros pronto.
   *[other] Te quedan { $left } códigos de recuperación.
}
account-codes-made = Tus códigos de recuperación ya se crearon y no se pueden mostrar otra vez. Si no los guardaste, crea otros.
account-codes-make = Crear códigos nuevos

add-passkey-title = Añade una llave de acceso
add-passkey-lead = Tu navegador preguntará dónde guardarla: en este dispositivo, en un teléfono o en una llave de seguridad.
add-passkey-submit = Crear la llave de acceso
add-passkey-refused = No se guardó la llave de acceso. Vuelve a intentarlo; si ocurre otra vez, con otro dispositivo.

codes-title = Tus códigos de recuperación
codes-lead = Guárdalos donde los encuentres sin tu teléfono. Cada uno vale una sola vez, en lugar de tu segundo factor.
codes-once = Solo se muestran esta vez. Los códigos que tenías antes ya no valen.

password-class-three = tres de estas clases: mayúsculas, minúsculas, dígitos, símbolos
console-sign-in-lead = con un usuario de la cuenta { $account }
console-wrong = La cuenta, el nombre de usuario o la contraseña no son correctos. Revísalos e inténtalo de nuevo.
console-expired = Tu contraseña ha caducado. Pide otra a un administrador de la cuenta.
console-reset-lead = La contraseña con la que has entrado la puso un administrador. Elige una que solo conozcas tú.
console-expired-lead = Tu contraseña es más antigua de lo que permite la cuenta. Elige otra.
console-may-not-change = No puedes cambiar tu propia contraseña. Pide a un administrador de la cuenta ese permiso u otra contraseña.
console-title = Has iniciado sesión
console-who = Quién
console-account = Cuenta
console-mfa = Segundo factor
console-mfa-yes = Presentado
console-mfa-no = No presentado
console-until = Hasta
console-link-password = Cambiar tu contraseña
console-password-title = Cambia tu contraseña
console-password-lead = Aquí seguirás con la sesión iniciada. En los demás navegadores se cerrará.
console-password-submit = Cambiar la contraseña
console-password-changed = Tu contraseña ha cambiado.
console-field-old = Tu contraseña actual
console-old-wrong = Esa no es tu contraseña actual.
not-signed-in-title = No has iniciado sesión
console-out-lead = ¿En qué cuenta quieres iniciar sesión?
front-title = Inicia sesión en una cuenta
front-lead = Garita dice quién puede hacer qué en la plataforma de aprendizaje automático de tu equipo. Los usuarios IAM de sus cuentas inician sesión aquí.
front-account = Cuenta
front-account-hint = Su número de doce dígitos o su alias.
front-submit = Continuar
front-no-account = Eso no es ni el número de una cuenta ni un alias. Pregunta cuál es a un administrador de la cuenta.
front-apps = ¿Buscas MLflow u otra aplicación? Tiene una dirección propia, y allí te pedirá que inicies sesión.
front-programs = Los programas usan la dirección de esta página para la API de AWS.
console-another-title = Ya hay una sesión iniciada
console-another-lead = En este navegador ha iniciado sesión { $user }.
console-another-help = Cierra primero esa sesión y sigue otra vez el enlace.
console-token-lead = El enlace que has seguido sirve una sola vez, durante un cuarto de hora. No se ha iniciado ninguna sesión.
console-token-help = Vuelve al sitio del que vienes y pide otro.
link-console = Ir a la consola
console-destination = La dirección a la que ir no es de este sitio.
